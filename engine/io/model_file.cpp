#include "engine/io/model_file.h"
