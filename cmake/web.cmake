# The page (web/dist) becomes part of the daemon: its files are pulled in by the assembler (.incbin) and listed in a table,
# so that no directory is read at run time. Without web/dist the daemon builds too and shows how to build the page.
set(VISOR_WEB_DIST "${PROJECT_SOURCE_DIR}/web/dist" CACHE PATH "The built page")
enable_language(ASM)
find_program(GZIP gzip REQUIRED)

set(web_generated "${CMAKE_BINARY_DIR}/web")
file(GLOB_RECURSE web_files CONFIGURE_DEPENDS "${VISOR_WEB_DIST}/*")
add_custom_command(
  OUTPUT "${web_generated}/files.S" "${web_generated}/files.cpp"
  COMMAND "${CMAKE_COMMAND}" -D "DIST=${VISOR_WEB_DIST}" -D "OUT=${web_generated}" -D "GZIP=${GZIP}"
          -P "${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake"
  DEPENDS "${PROJECT_SOURCE_DIR}/cmake/embed_web.cmake" ${web_files}
  COMMENT "Embedding the page"
  VERBATIM)
# The list of files is an input too: a file that goes away changes no time stamp.
file(CONFIGURE OUTPUT "${web_generated}/list.txt" CONTENT "${web_files}\n" @ONLY)
set_property(SOURCE "${web_generated}/files.S" APPEND PROPERTY OBJECT_DEPENDS "${web_generated}/list.txt")
# It is there only when built; tools/lint reads groups without a build.
set_source_files_properties("${web_generated}/files.cpp" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
target_sources(visor_api PRIVATE "${web_generated}/files.S" "${web_generated}/files.cpp")
