package measures

// Own returns the names of the entries some of whose runs were made here, by standing, if runs of
// the report were taken from bundles; otherwise nil.
func (r *Report) Own() []string {
	own, taken := map[string]bool{}, false
	for i := range r.Problems {
		for k := range r.Problems[i].Rows {
			row := &r.Problems[i].Rows[k]
			here := row.hasRuns()
			if len(row.Taken) > 0 {
				taken = true
				left := row.Taken[0].Of
				for _, t := range row.Taken {
					left -= t.Runs
				}
				here = left > 0
			}
			own[row.Optimizer] = own[row.Optimizer] || here
		}
	}
	var names []string
	add := func(name string) {
		if taken && own[name] {
			names = append(names, name)
		}
	}
	if len(r.Problems) == 1 {
		for _, row := range r.Problems[0].Rows {
			add(row.Optimizer)
		}
	}
	for _, o := range r.Overall {
		add(o.Optimizer)
	}
	return names
}
