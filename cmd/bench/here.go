package main

import (
	"noisebench/plugins"
	"noisebench/plugins/catalogue"
	"noisebench/results/bundle/check"
)

// here returns the definitions that a bundle is compared with. With rebuilt, plugins of another
// digest count as other builds of the same source.
func here(c *catalogue.Catalogue, rebuilt bool) check.Here {
	served := func(list []*plugins.Plugin) (all check.Served) {
		for _, p := range list {
			all.Optimizers = append(all.Optimizers, p.Optimizers...)
			all.Problems = append(all.Problems, p.Problems...)
		}
		return all
	}
	return check.Here{
		BuiltIn: served(c.BuiltIn()), Given: served(c.Named()),
		Found: func() check.Served { return served(c.Discovered()) }, Rebuilt: rebuilt,
	}
}
