"""Where the images of a search come from. Importing this fills the registry's kind "data".

Nothing here imports torch, numpy or Pillow before images are asked for.
"""

from archdsl.data.datasets import Datasets as Datasets
from archdsl.data.digits import Digits as Digits
from archdsl.data.image_folder import ImageFolder as ImageFolder
from archdsl.data.npz import Npz as Npz
from archdsl.data.preprocessing import Pixels as Pixels
from archdsl.data.preprocessing import Preprocessing as Preprocessing
from archdsl.data.source import ImageSource as ImageSource
from archdsl.data.source import Searchable as Searchable
from archdsl.data.source import SourceInfo as SourceInfo
from archdsl.data.source import Split as Split
from archdsl.data.source import Views as Views
from archdsl.data.webdataset import WebDataset as WebDataset
