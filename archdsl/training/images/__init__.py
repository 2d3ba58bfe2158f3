"""Images of a full training: read one by one by worker processes, changed at random in batches.

libraries/   kornia, torchvision and timm: one of them changes the images, as the recipe says
order.py     which images a pass takes, and in which batches, by seed and epoch
crops.py     a decoded image to bytes of the size of the training
reading.py   what a worker does: the images of a batch; those that cannot be read
augment.py   what is done to a batch on the device
mixing.py    which batches are mixed, and how
streamed.py  the data of a training that a trainer takes
"""
