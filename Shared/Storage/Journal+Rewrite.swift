extension Journal {
    /// A compaction was begun and neither finished nor given up.
    public var isCompacting: Bool { rewrite != nil }

    /// Begins to rewrite the journal with the records for which `keeping` returns a payload, in their order and with their numbers.
    /// `continueCompaction` does the work. Records that are appended meanwhile are all kept. A compaction under way is begun anew.
    ///
    /// - Throws: `StorageError`; nothing has changed then.
    public func beginCompaction(keeping: @escaping (JournalRecord) -> [UInt8]?) throws(StorageError) {
        cancelCompaction()
        rewrite = try newRewrite(
            badBlocks: .fail,
            formatVersion: options.formatVersion,
            keeping: keeping
        )
    }

    /// Does a part of the compaction, and the last part puts the new file into place. After a crash anywhere the journal is the old or
    /// the new one. On a full disk the reserve is used, and taken back afterwards.
    ///
    /// A part reads `maximumBytes` and at most one record more, writes no more than that, and makes one sync for every 512 KiB written.
    /// - Parameter maximumBytes: how much of the old file to read.
    /// - Returns: whether there is nothing more to do.
    /// - Throws: `StorageError.full` when there is no room for the copy, `.tooLarge` for an oversized payload, `.system` else. The
    ///   compaction is given up then and the journal is as it was; begin another one later.
    @discardableResult
    public func continueCompaction(maximumBytes: Int = 64 << 10) throws(StorageError) -> Bool {
        guard let rewrite else { return true }
        do throws(StorageError) {
            let isThere = try rewrite.advance(in: file, to: syncedEnd, maximumBytes: max(1, maximumBytes))
            try usingReserve { () throws(StorageError) in try rewrite.drain() }
            guard isThere else { return false }
            try complete(rewrite)
        } catch {
            if self.rewrite != nil { cancelCompaction() }
            try reserve?.restore()
            throw error
        }
        try reserve?.restore()
        return true
    }

    /// Begins to write the journal anew with all of its records, unless a compaction is under way, which does as much. `continueCompaction`
    /// does the work. Without this the next immediate append or flush does all of it at once.
    ///
    /// - Throws: `StorageError`; nothing has changed then.
    public func beginRewriting() throws(StorageError) {
        guard rewrite == nil else { return }
        rewrite = try newRewrite(badBlocks: .fail, formatVersion: header.formatVersion, keeping: \.payload)
    }

    /// Writes the journal anew, or the rest of it where that has begun.
    func finishRewriting() throws(StorageError) {
        try beginRewriting()
        while try !continueCompaction() {}
    }

    /// Gives a compaction up; nothing has changed.
    public func cancelCompaction() {
        guard rewrite != nil else { return }
        rewrite = nil
        directory.discard(options.temporaryPath)
    }

    /// Writes the whole journal anew without what is no record, when it is opened. The file from `start` to `fileEnd` is read again.
    func rewriteSalvaging(from start: Int64, to fileEnd: Int64) throws(StorageError) {
        do throws(StorageError) {
            let rewrite = try newRewrite(
                from: start,
                badBlocks: .skip({ _ in false }),
                formatVersion: header.formatVersion,
                keeping: \.payload
            )
            self.rewrite = rewrite
            while try !rewrite.advance(in: file, to: fileEnd, maximumBytes: 64 << 10) {
                try usingReserve { () throws(StorageError) in try rewrite.drain() }
            }
            // What was handed out must not be missing because the device fails once more, nor anything be there that was not handed out
            // because it does no longer: whoever opens reads everything again.
            guard rewrite.index.count == count else { throw .unreadable(options.path) }
            try complete(rewrite)
        } catch {
            cancelCompaction()
            throw error
        }
        try reserve?.restore()
    }

    private func newRewrite(
        from start: Int64? = nil,
        badBlocks: JournalScanner.BadBlocks,
        formatVersion: UInt16,
        keeping: @escaping (JournalRecord) -> [UInt8]?
    ) throws(StorageError) -> JournalRewrite {
        if case .readOnly(let obstacle) = condition { throw obstacle }
        let rewrite = try JournalRewrite(
            options,
            header: JournalFormat.Header(formatVersion: formatVersion, nextSequence: nextSequence),
            scanner: JournalScanner(
                from: start ?? index.firstOffset ?? header.recordsStart,
                to: syncedEnd,
                minimum: 1,
                badBlocks: badBlocks
            ),
            in: directory,
            keeping: keeping
        )
        setAsides += directory.moved.take()
        return rewrite
    }

    /// Adds what is in memory only, and gives the new file the name of the old one.
    private func complete(_ rewrite: JournalRewrite) throws(StorageError) {
        for record in JournalFormat.records(in: tail.unsynced) { try rewrite.take(record) }
        try usingReserve { () throws(StorageError) in try rewrite.drain() }
        try rewrite.finish(nextSequence: nextSequence)
        if rewrite.hasDamage, case .usual = condition {
            setAsides.append(
                try directory.linkAside(options.path, reason: "damage was found while it was rewritten")
            )
        }
        // Forced first, named then: the other way round a power cut could leave the name with a file that is not whole.
        try directory.rename(options.temporaryPath, to: options.path)
        self.rewrite = nil
        file = rewrite.file
        file.path = options.path
        header = rewrite.header
        end = rewrite.end
        index = rewrite.index
        // Until the name is safe, too, a power cut may bring the old file back.
        tail = JournalTail(isDoubtful: true)
        try directory.sync(containing: options.path)
        tail.isDoubtful = false
    }

    /// Runs `write`, on a full disk once more with the room of the reserve.
    private func usingReserve(_ write: () throws(StorageError) -> Void) throws(StorageError) {
        do throws(StorageError) {
            try write()
        } catch {
            guard error.isFull, let reserve, try reserve.release(Int(reserve.bytes)) else { throw error }
            try write()
        }
    }
}
