"""When a promise falls due, as pure functions of terms, timeline and now: no I/O, no clock, no log.

Reads in this order, like a short book:

interval      instants as whole microseconds, and the stretches between them
duration      what a figure such as 1h30m, 3wd or 1mo counts
calendar      open time, closings and holidays (from calendar_spec, hours, day_rule, holiday, opening, civil)
document      a contract file as values with lines, and what is wrong with it; fields reads single values
within        the figure for a severity, region and category; figures reads the table
grading       facts and the rules that grade a fault
commitment    one promise; ladder and reporting what else a contract says
contract      the terms as a whole
entry         the closed table of timeline entries; standing what they add up to
timeline      entries in their order, corrected, and the refusal of what cannot be
cycle         where each cycle of a clock starts and ends
deadline      which figure holds, since when, moved by which pauses
clock         what a clock says at an instant
explain       why it says so, stretch by stretch
evaluation, arithmetic_lines   the command line's form of the same
compliance    a month counted
check         a contract file judged
"""
