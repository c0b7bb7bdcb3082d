from numpy import *

from dualad.numpy import special as special
