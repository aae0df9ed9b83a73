"""One registry of checks: what is running, from facts in the database and a look at the chains.

What makes a component, and with it the whole, worse:

| component    | degraded                                     | unhealthy                      |
|--------------|----------------------------------------------|--------------------------------|
| database     | it answers, though not in time               | unreachable, lacks a migration |
| workers      | starting; one of several clusters gone stale | none alive, or SQLite shared   |
| scheduler    | starting; draining; paused, wholly or in     | no worker, or no pulse         |
|              | part; a due task waits over a minute         |                                |
| queue        | a job waits longer than one may take         |                                |
| networks     | one of several silent; an endpoint slower    | every enabled network silent   |
|              | than 2 s, behind, or left out by its breaker |                                |
| protocols    | an enabled one with a silent network         |                                |
| risk_manager | any alert: a stop, a pause, an open question |                                |
| transactions | any stuck                                    |                                |
| wallets      | a balance under its minimum, or not known    |                                |
| keys         | workers could not open one that signs        |                                |
| backups      | none, or too old, where they are expected    |                                |
| clock        | disagrees with live chains, or is not known  |                                |
| disk         | less free than AIRDROPS_DISK_FREE_PERCENT    | less than a fifth of that      |

What could not be found out in time is `unknown` and degraded, never taken for good; so is every
other component when the database does not answer, and then the database makes the whole unhealthy.
"""
