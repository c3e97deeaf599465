find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# Asio is compiled once per user of it; the io_context is the only back end, so the unused parts stay out.
add_library(visor_asio INTERFACE)
target_compile_definitions(visor_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_REGEX)
target_link_libraries(visor_asio INTERFACE Boost::headers Threads::Threads)

# What each floor needs from outside. Headers of a lower floor bring theirs along (PUBLIC).
set(VISOR_LINKS_base Boost::headers Boost::json fmt::fmt spdlog::spdlog)
set(VISOR_LINKS_loop visor_asio)
set(VISOR_LINKS_store PkgConfig::SQLITE)
set(VISOR_LINKS_storage OpenSSL::SSL OpenSSL::Crypto Boost::url)
set(VISOR_LINKS_deploy crypt)
set(VISOR_LINKS_auth PkgConfig::SODIUM)
set(VISOR_LINKS_api OpenSSL::SSL OpenSSL::Crypto Boost::url)
set(VISOR_LINKS_client Boost::url)
