# SPDX-License-Identifier: MIT
#
# Writes weft.pc, and weft-NAME.pc for each module that was built, for the prefix that is being installed to, which may be given as late as in
# `cmake --install BUILD --prefix PREFIX`.  The weft_ variables come from CMakeLists.txt.

# Both folders stay relative to ${prefix} where they can, so `pkg-config --define-prefix` works.
set(pc_includedir "\${prefix}")
cmake_path(APPEND pc_includedir "${weft_includedir}")
set(pc_libdir "\${prefix}")
cmake_path(APPEND pc_libdir "${weft_libdir}")

# A program finds the shared library again without ldconfig or LD_LIBRARY_PATH.  The folders that
# every loader searches need no such entry.
set(libdir "${CMAKE_INSTALL_PREFIX}")
cmake_path(APPEND libdir "${weft_libdir}")
set(pc_rpath "")
if(NOT libdir MATCHES "^(/usr)?/lib(64)?(/[^/]+-linux-gnu)?/?$")
    set(pc_rpath " -Wl,-rpath,\${libdir}")
endif()

foreach(name weft ${weft_modules})
    configure_file("${weft_templates}/${name}.pc.in" "${weft_results}/${name}.pc" @ONLY)
    file(INSTALL "${weft_results}/${name}.pc" DESTINATION "${libdir}/pkgconfig")
endforeach()
