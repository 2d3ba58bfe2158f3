"""A record that is kept in a PostgreSQL database, and that several drivers add to.

connection.py  a connection that outlives what interrupts it
tables.py      what the database holds: studies, their events as lines, drivers, what they are at
study.py       one study there: found by its name, and held to one version
drivers.py     who is at it, told by signs of life, and at which trainings
writer.py      adds events, one driver at a time
opening.py     a run directory of one of these drivers
reading.py     the same without being one of them
mirror.py      the run directory's copy of the record, which all that reads a run reads
"""
