// Command bench compares stochastic optimizers: it tunes each of them on each problem of a plan,
// repeats what tuning chose under other seeds, and prints ranked tables. "bench help" explains the
// rest.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }
