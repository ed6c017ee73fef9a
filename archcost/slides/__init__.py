"""Slides: a page of the reports, or a network, as a deck.

`deck` says what a slide is, `room` and `grids` what has room on one, `pages` make slides of what commands show,
`lecture` and `network` put decks together, `html` and `powerpoint` write them.
"""

from archcost.slides.deck import Deck as Deck
from archcost.slides.html import write_html as write_html
from archcost.slides.lecture import build_lecture_deck as build_lecture_deck
from archcost.slides.network import build_network_deck as build_network_deck
from archcost.slides.powerpoint import encode_powerpoint as encode_powerpoint
