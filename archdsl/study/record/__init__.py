"""The record of a search: events in a file of lines, and the state that follows from them.

events.py      what can happen to a study, and how each event is written
lines.py       an event as a line: number, format, writer, chained checksum
file_store.py  the file that is a record;  lock.py  who may add to it
turn.py        a moment in which nobody else adds to a record;  sole_writer.py  the usual case
database/      a record that a database holds, and that several drivers add to
recording.py   a record that is written: its state, and what others add meanwhile
state.py       the state of a study: a fold over the events, and nothing else
rounds.py      rounds in which some are trained anew
rungs.py       trials that are put aside and promoted, as events say of them
reading.py     a record as it is read, and what came since
folder.py      the run directory: the store, the trials' folders, and the views
views.py       run.json, trials.jsonl, data.jsonl, space.yaml: written, and never read
optuna_view.py study.journal: the same study as Optuna knows it
former.py      run directories as archdsl 0.1 wrote them, for reading alone
files.py       files that are whole or not there
"""
