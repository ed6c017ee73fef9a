"""Programs of our own that run networks, so that what a network does takes nothing from the process that asks.

There is one way to do it. `worker` is the program; `asking.Worker` starts it and asks it one thing at a time;
`pool.Pool` asks many; `guard.Guard` ends them where the asking process was killed. This room knows no network: a
request names a function, "package.module:function", and its arguments, and the rooms above have the functions.

Requests and answers are lines of JSON, because what a worker says may be written by the code of another revision, and
a pickle could run that code in the process that reads it. Who asks for code that this process would run itself anyway
may have a function take and return a pickle as text: `archcost.profiling.apart` does so for what `keep` returns.
"""
