package protocol

import (
	"fmt"
	"slices"
	"strings"
)

// Unknown returns the error for an unknown name. It lists similar known names or, if there are
// none, all known names.
func Unknown(kind, name string, known []string) error {
	known = slices.Clone(known)
	slices.Sort(known)
	if near := Near(name, known); len(near) > 0 {
		return fmt.Errorf("unknown %s %q; did you mean %s?", kind, name, strings.Join(near, " or "))
	}
	if len(known) == 0 {
		return fmt.Errorf("unknown %s %q: there are none", kind, name)
	}
	return fmt.Errorf("unknown %s %q; known: %s", kind, name, strings.Join(known, ", "))
}

// Near returns up to three of known that differ from name by few edits or begin with it, nearest
// first.
func Near(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, k := range known {
		a, b := strings.ToLower(name), strings.ToLower(k)
		d := editDistance(a, b)
		if d <= 1+min(len(a), len(b))/4 || (len(a) >= 3 && strings.HasPrefix(b, a)) {
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var names []string
	for _, c := range near[:min(3, len(near))] {
		names = append(names, c.name)
	}
	return names
}

// editDistance returns the optimal string alignment distance: the least number of insertions,
// deletions, substitutions and transpositions of neighbours.
func editDistance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
