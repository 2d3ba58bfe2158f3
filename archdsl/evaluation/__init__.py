"""What trained weights are worth on images: what `archdsl evaluate` says.

classes.py        which logit each class of the data is: by name, by number, by order
calibration.py    how far confidence is from accuracy
figures.py        from what was told of each image to shares with intervals
images.py         images of a split, a batch at a time, as the network sees them
preprocessing.py  what is done to the images, and who says so
data.py           whose images, and which split of them
passes.py         the model over the images, timed
table.py          the figures as text
result.py         what came of it
trained_folder.py the images of a full training; its record is told of looks at its test split
subject.py        the model and what is known of it
verb.py           `archdsl.evaluate`
"""

from archdsl.evaluation.result import Evaluation as Evaluation
from archdsl.evaluation.verb import evaluate as evaluate
