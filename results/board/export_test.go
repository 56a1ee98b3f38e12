package board

// LimitPairs sets the limit on pairs. restore undoes it.
func LimitPairs(n int) (restore func()) {
	old := mostPairs
	mostPairs = n
	return func() { mostPairs = old }
}
