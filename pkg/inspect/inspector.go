package inspect

import "github.com/etcfiles/etcfiles/pkg/etcfiles"

// Inspector looks at what the operations of a manager have made. Its own methods write nothing; repairs and removals are
// operations too, and the manager does them.
type Inspector struct{ *etcfiles.Manager }

// Of returns the inspector for the data directory of a manager.
func Of(m *etcfiles.Manager) *Inspector { return &Inspector{m} }
