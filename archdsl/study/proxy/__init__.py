"""Whether a search's proxy is worth anything: what is measured, and what follows from it.

session.py      one start of a check: before the first training, its phase, its end
size.py         how many architectures, seeds and epochs;  same.py  what makes it the same check
drawn.py        which architectures: spread over what the budget allows
measured.py     what their trainings came to, as arrays
agreement.py    Kendall's tau of two orders, and how sure it is
spread.py       what architectures differ by, against what seeds do
kept.py         what is lost where only the best few by the proxy go on
figures.py      all of that together;  recommended.py  what to write, and why
result.py       what a check hands out;  words.py  how it reads
"""
