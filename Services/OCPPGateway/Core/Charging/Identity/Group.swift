import OCPP

extension IdToken? {
    /// The group that a `parentIdTag` names (OCPP 1.6 §3.10).
    ///
    /// An empty one, or one of blanks, is what central systems write that have no group for an identifier: it names none. Taken for a name,
    /// it would make one group of everybody, and any card would end the transaction of another. So it is wherever a parent comes from, also
    /// a file that an earlier version wrote: whoever compares parents, or prefers one to another, asks this first.
    var group: IdToken? {
        guard let self, !self.text.allSatisfy({ $0 == " " }) else { return nil }
        return self
    }
}
