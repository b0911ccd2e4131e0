# SPDX-License-Identifier: MIT
#
# find_package(weft [COMPONENTS pg ...]): weft::weft and weft::weft_static; for a component NAME
# weft::NAME and weft::NAME_static, if the module was built.
include("${CMAKE_CURRENT_LIST_DIR}/weftTargets.cmake")
foreach(component IN LISTS weft_FIND_COMPONENTS)
    if(TARGET "weft::${component}")
        set("weft_${component}_FOUND" TRUE)
    else()
        set("weft_${component}_FOUND" FALSE)
        if(weft_FIND_REQUIRED_${component})
            set(weft_FOUND FALSE)
            string(APPEND weft_NOT_FOUND_MESSAGE
                "weft was built without its component ${component}\n")
        endif()
    endif()
endforeach()
