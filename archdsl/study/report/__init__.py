"""The report: one static page made from the record, and from nothing else."""

from archdsl.study.report.page import write_report as write_report
