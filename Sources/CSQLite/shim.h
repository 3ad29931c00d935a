// SQLite as Debian ships it (3.40); its constants are plain integer macros, which Swift reads as they are.
#pragma once
#include <sqlite3.h>
