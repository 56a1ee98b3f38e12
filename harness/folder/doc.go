// Package folder executes campaigns in a results folder and reads their results. [Store] keeps the
// records and remembers which it has seen; [Store.Execute] makes the missing runs. [Notes] are what
// the folder contains besides records: what the names of plans meant when they were run in it, and
// which bundles runs were taken from. With them, tables of plans that were run need neither plugins
// nor data.
package folder
