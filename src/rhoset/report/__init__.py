"""One HTML file about a run: what its networks learned and what is proved about them."""

from rhoset.arguments import page as _page
from rhoset.report.collect import collect as collect
from rhoset.report.collect import collect_each as collect_each
from rhoset.report.html import render as render
from rhoset.report.html import write_report as write_report
from rhoset.report.views import RunView as RunView

_page(globals())
