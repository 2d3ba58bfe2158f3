"""Engines run jobs and report events; a job and all that comes of it are plain data.

job.py     what an engine is given, and what it reports
engine.py  the door that every engine has
work.py    one job done, wherever that is: a candidate judged, a look at the test split
inline.py  jobs one after another in the process that searches
"""
