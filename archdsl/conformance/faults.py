"""What a component can do wrong in any shape: the problem, and the cure."""

IN_PLACE = (
    "changes its input in place, which a residual branch or the caller still needs",
    "work on a new tensor: write  x = x + y  for  x += y, and no inplace=True on the input",
)
NO_GRADIENT = (
    "passes no gradient on to its input",
    "keep to operators with a gradient, without detach, no_grad or numbers taken out of tensors",
)
BACKWARD = (
    "has no gradient on a map that it works on",
    "work on new tensors instead of in place, and keep to operators with a gradient",
)
NOT_ONE_IMAGE = (
    "takes two images and not one",
    "keep the batch axis, whatever its length: no squeeze, and x.shape[0] where shapes are written",
)
MAPS = (
    "fails on a map in channels-last memory, which all maps of a network have",
    "write  reshape  for  view, or begin with  x = x.contiguous()",
)
KERNELS = (
    "fails where the weights of its convolutions lie channels-last, as training lays them",
    "write  reshape  for  view  on weights",
)
OTHER_VALUES = (
    "gives other values for a map in channels-last memory than for the same map in contiguous",
    "begin with  x = x.contiguous()  where strides or storage are read, as by as_strided",
)
MIXES_IMAGES = (
    "gives an image other values, in eval, when another image is beside it",
    "let no axis but those of one image be mixed: keep the batch axis out of sums and reshapes",
)
