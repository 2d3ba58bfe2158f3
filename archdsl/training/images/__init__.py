"""Images of a full training: read one by one by worker processes, changed at random in batches.

kornia.py        the library of augmentations, and the seed of what it draws
order.py         which images a pass takes, and in which batches, by seed and epoch
crops.py         a decoded image to bytes of the size of the training
reading.py       what a worker does: the images of a batch; those that cannot be read
augment.py       what is done to a batch on the device
rand_augment.py  RandAugment, image by image
mixing.py        mixup and cutmix
streamed.py      the data of a training that a trainer takes
"""
