"""What each command shows, in no form yet; `archcost.page` has the forms. It sees nothing but results."""

from archcost.page.document import emit as emit
from archcost.render.render import render as render
from archcost.render.view import VIEWS as VIEWS
