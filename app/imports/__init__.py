"""Import of real data: CSV files of one source, checked as a whole, then written in one transaction or not at all.

Three passes, each streaming, so that memory stays flat: read every cell into a staging file (`reading`), check the rows
beside one another and beside what is stored (`checks`), write what is new or changed (`writes`). docs/import.md is the
description for those who make the files.
"""
