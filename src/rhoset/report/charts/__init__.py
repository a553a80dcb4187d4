"""The report's charts in a grammar of graphics (Vega-Altair): rows first, a template after."""

from rhoset.report.charts.figure import Figure as Figure
