"""The report's charts in a grammar of graphics (Vega-Altair): rows first, a template after."""

from rhoset.report.charts.figure import Figure as Figure
from rhoset.report.charts.network import energy_figure as energy_figure
from rhoset.report.charts.network import frontier_figure as frontier_figure
from rhoset.report.charts.network import history_figure as history_figure
from rhoset.report.charts.network import loss_figure as loss_figure
from rhoset.report.charts.network import margins_figure as margins_figure
from rhoset.report.charts.network import quadrature_figure as quadrature_figure
from rhoset.report.charts.network import shares_figure as shares_figure
from rhoset.report.charts.network import slots_figure as slots_figure
from rhoset.report.charts.overview import cost_figure as cost_figure
from rhoset.report.charts.overview import costs_figure as costs_figure
from rhoset.report.charts.overview import learned_figure as learned_figure
from rhoset.report.charts.overview import reasons_figure as reasons_figure
from rhoset.report.charts.solid import solid_figure as solid_figure
