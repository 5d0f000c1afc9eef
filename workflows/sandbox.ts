/**
 * What holds in the sandbox that all workflows share. It is loaded before any run, with the workflows' other modules (`preloadModules` of the
 * bundle): afterwards the sandbox is frozen.
 *
 * For every promise of a workflow the SDK notes where it was made, through the source map: with the usual ten frames that was a quarter of
 * a workflow's processor time, and deadlines were kept half a second later under load. Two still say where an error was thrown; what a
 * workflow waits for is told by its details, not by a stack.
 */
Error.stackTraceLimit = 2
