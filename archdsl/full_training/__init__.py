"""A network trained in full: a folder of its own, a record by epoch, and going on after a kill.

asked.py      what a training is asked to be
subject.py    the spec, the images and the weights to begin with, of what was named
record.py     train.json: what is trained, how, and what it came to
identity.py   whether a folder holds this very training
folder.py     the folder: who may write it, and what lies in it
events.py     what is told of a training while it runs
keeping.py    the record and the best weights, epoch by epoch
begun.py      whether a classifier to begin with is one of these classes
stopping.py   Ctrl-C and SIGTERM: the first waits for the step
failing.py    what can break a training off, in words
training.py   one start of a training
winner.py     the training of a search's winner, and the search's page
progress.py   how far it is, for whoever waits: a bar, or lines
charts.py     what the page's charts show;  page.py  train.html, from the record alone
status.py     where a training stands
"""
