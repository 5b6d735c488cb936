#include "engine/layout/layout.h"
