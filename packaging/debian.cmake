# `cpack -G DEB` in the build folder makes the package.
find_program(WGNS_DPKG dpkg)
if(NOT WGNS_DPKG OR NOT WGNS_GZIP)
    return()
endif()

# What is installed is built by the targets above; a package needs no tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON PARENT_SCOPE)

set(documents ${CMAKE_CURRENT_BINARY_DIR}/documents)
configure_file(debian/copyright ${documents}/copyright COPYONLY)
execute_process(COMMAND ${WGNS_GZIP} -9nc ${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog
                OUTPUT_FILE ${documents}/changelog.gz COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${documents}/copyright ${documents}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wgns-user)
set(CPACK_PACKAGE_CONTACT "the wgns-user authors <wgns-user@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "WireGuard in user space, inside a network namespace")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"The tunnel lives in a network namespace of its own, its UDP socket stays
outside: a program in that namespace reaches the network through the tunnel
or not at all. Needs no kernel module for WireGuard, and takes the
configuration files of wg-quick.")
set(CPACK_STRIP_FILES ON)
# With DESTDIR, because /etc/wgns-user does not depend on the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS passwd)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "wireguard-tools, iproute2")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(script postinst prerm postrm)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/debian/${script})
endforeach()
include(CPack)
