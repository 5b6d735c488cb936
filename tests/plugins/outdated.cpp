// A plug-in of an older program: it must be refused before its entry is called.
#include <cstdlib>

extern "C" __attribute__((visibility("default"))) int lapidary_plugin_interface() { return 0; }
extern "C" __attribute__((visibility("default"))) void lapidary_plugin(void*) { std::abort(); }
