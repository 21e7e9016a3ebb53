"""Reports: documents about mapping sets, alone, compared, against a threat, with a plan.

`input.report_input` collects the data, `build.make_report` makes the document of it.
"""
