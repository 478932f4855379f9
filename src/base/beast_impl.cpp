// Boost.Beast's separately compiled part (BOOST_BEAST_SEPARATE_COMPILATION), once for the whole program.
#include <boost/beast/src.hpp>
