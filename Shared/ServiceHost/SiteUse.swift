public import SiteConfiguration

/// What a service does with the site's file.
public struct SiteUse {
    let reads: [SiteSection]
    let glimpses: [SiteSection]
    let judge: (SiteFile) -> [SiteFileError]
    let describe: (SiteFile) -> [String]

    /// - Parameters:
    ///   - reads: The sections that it needs: a mistake in one of them keeps it from starting.
    ///   - glimpses: Those that it merely looks at; what may be of a newer version is no mistake there.
    ///   - judge: What it alone can judge, called when the file can be read at all.
    ///   - describe: What it would do with a file without mistakes, for people, a line for each: `--check-config` says it.
    public init(
        reads: [SiteSection] = [],
        glimpses: [SiteSection] = [],
        judge: @escaping (SiteFile) -> [SiteFileError] = { _ in [] },
        describe: @escaping (SiteFile) -> [String] = { _ in [] }
    ) {
        self.reads = reads
        self.glimpses = glimpses
        self.judge = judge
        self.describe = describe
    }

    /// What keeps the service from starting.
    func mistakes(in file: SiteFile) -> [SiteFileError] {
        file.mistakes(in: reads, glimpsed: glimpses) + judge(file)
    }

    /// All that is wrong, also in what only others read.
    func allMistakes(in file: SiteFile) -> [SiteFileError] { file.mistakes() + judge(file) }
}
