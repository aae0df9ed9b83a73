"""One registry of checks: what is running, from facts in the database and a look at the chains.

What makes a component, and with it the whole, worse:

| component    | degraded                                     | unhealthy                      |
|--------------|----------------------------------------------|--------------------------------|
| database     |                                              | unreachable, lacks a migration |
| workers      | starting; one of several clusters gone stale | none alive, or SQLite shared   |
| scheduler    | starting; a due task waits over a minute     | no worker, or no pulse         |
| networks     | one of several silent                        | every enabled network silent   |
| protocols    | an enabled one with a silent network         |                                |
| risk_manager | any alert: a stop, a pause, an open question |                                |
| transactions | any stuck                                    |                                |

What could not be found out in time is `unknown` and degraded, never taken for good; so is every
other component when the database does not answer, and then the database makes the whole unhealthy.
"""
