"""Jobs as tasks of a Ray cluster.

engine.py     hands jobs out as tasks, and hears of them;  cluster.py  joins a cluster, and its room
post.py       the actor through which tasks tell the driver what happens
kit.py        what every job needs, sent once;  code_pack.py  the user's code in it
task.py       what runs on a node: a seat for a worker, as on one machine, and a scratch folder
node.py       the folder of a node, and what is unpacked there once
"""
