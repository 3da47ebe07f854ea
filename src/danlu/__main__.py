"""`python -m danlu`."""

import sys

from danlu.cli.main import main

sys.exit(main())
