// Boost.Asio's TLS part, separately compiled (BOOST_ASIO_SEPARATE_COMPILATION), once for the whole program.
#include <boost/asio/ssl/impl/src.hpp>
