"""Worker programs that run networks, so that a network cannot harm the calling process.

`worker` is the program. `asking.Worker` starts it and sends it one request at a time; `pool.Pool` uses several workers;
`guard.Guard` ends them if the calling process is killed. This room knows nothing about networks: a request names a
function, "package.module:function", and its arguments. The rooms above define the functions.

Requests and answers are lines of JSON, because a worker may run the code of another revision, and a pickle could run
that code in the process that reads it. A function may take and return a pickle as text only if the calling process
would run the same code itself: `archcost.profiling.apart` does so for the result of `keep`.
"""
