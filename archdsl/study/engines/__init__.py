"""Engines run jobs and report events; a job and all that comes of it are plain data.

job.py             what an engine is given, and what it reports
engine.py          the door that every engine has
work.py            one job done, wherever that is: a candidate judged, a look at the test split
proxy_training.py  a candidate judged by a short training
inline.py          jobs one after another in the process that searches
ray/               jobs as tasks of a Ray cluster
workers.py         jobs side by side in worker processes;  seat.py  the place of one of them
worker.py          what runs in such a process;  surroundings.py  what a trial must leave as it was
moved.py           the user's code on a machine that it travelled to
handed.py          what it is handed when it starts;  places.py  its share of the machine
processes.py       where such processes come from
shared_folder.py   files by name below a URL, each whole or not there
mirror.py          the same by the paths of a run directory
courier.py         what jobs need and leave, on its way there and back
mirrored.py        an engine whose jobs leave what they have there
"""
