"""Whether a search's proxy is worth anything: what is measured, and what follows from it.

agreement.py   Kendall's tau of two orders, and how sure it is
spread.py      what architectures differ by, against what seeds do
"""
