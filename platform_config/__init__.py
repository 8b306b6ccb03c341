"""
What a platform's config file is: its settings, its rules, and the names that follow from it. Free of cdktf.

An importer needs what stands here; everything else is imported from its own module:

```python
from platform_config import ConfigError, Names, load

config = load(Path("config/example.yaml"))
Names(config).cluster("us")
```
"""

from platform_config.config import Config
from platform_config.config_path import find_config
from platform_config.errors import ConfigError, Problem
from platform_config.load import load
from platform_config.names import Names

__all__ = ["Config", "ConfigError", "Names", "Problem", "find_config", "load"]
