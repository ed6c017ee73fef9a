"""Slides: a deck of a report's page or of a network.

`deck` defines slides, `room` and `grids` fit texts and tables to them, `pages` turns the output of commands into
slides, `lecture` and `network` build decks, `html` and `powerpoint` write them.
"""

from archcost.slides.deck import Deck as Deck
from archcost.slides.html import write_html as write_html
from archcost.slides.lecture import build_lecture_deck as build_lecture_deck
from archcost.slides.network import build_network_deck as build_network_deck
from archcost.slides.powerpoint import encode_powerpoint as encode_powerpoint
