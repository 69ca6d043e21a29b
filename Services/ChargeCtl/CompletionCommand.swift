internal import BusSchema

/// `chargectl completion`: for a shell.
enum CompletionCommand {
    static func run(_ words: [String], _ session: Session) throws -> ExitStatus {
        var arguments = Arguments(words, usage: Usage.completion)
        let shell = try arguments.next("the shell")
        try arguments.end()
        guard let script = Completion.script(for: shell) else {
            let known = Completion.shells.joined(separator: ", ")
            throw UsageError("expected one of \(known), found \"\(shell)\"", usage: Usage.completion)
        }
        Output.line(script)
        return .done
    }
}

/// What the shells need to know, made of `Command.all`.
enum Completion {
    static let shells = ["bash", "zsh", "fish"]

    static func script(for shell: String) -> String? {
        switch shell {
        case "bash": bash
        case "zsh": zsh
        case "fish": fish
        default: nil
        }
    }

    private static var commands: [Command] { Command.all.filter { $0.about != nil } }

    /// Options as they are typed, without the sign that a value follows.
    private static func bare(_ options: [String]) -> [String] {
        options.map { $0.hasSuffix("=") ? String($0.dropLast()) : $0 }
    }

    private static func takingValues(_ options: [String]) -> [String] { bare(options.filter { $0.hasSuffix("=") }) }

    private static var allTakingValues: [String] {
        Set(takingValues(Command.common + commands.flatMap { $0.forms.flatMap(\.options) })).sorted()
    }

    /// What a tap may be narrowed to.
    private static var filters: [String] {
        BusRegistry.states.map { $0.type } + BusRegistry.events.map { $0.type }
    }

    // MARK: - bash, and zsh through it

    private static var bash: String {
        """
        # Completion of chargectl for bash, made by `chargectl completion bash`.
        _chargectl() {
          local word=${COMP_WORDS[COMP_CWORD]} command='' form='' index
          COMPREPLY=()
          for ((index = 1; index < COMP_CWORD; index++)); do
            case ${COMP_WORDS[index]} in
              \(allTakingValues.joined(separator: "|")))
                ((index == COMP_CWORD - 1)) && { \(valuesOfOptions); return; }
                ((index++)) ;;
              -*) ;;
              *)
                if [ -z "$command" ]; then command=${COMP_WORDS[index]}
                elif [ -z "$form" ]; then form=${COMP_WORDS[index]}
                fi ;;
            esac
          done
          local words
          case "$command $form" in
            ' ') words='\((commands.map(\.name) + bare(Command.common) + ["--version"]).joined(separator: " "))' ;;
        \(commands.map(bashCases).joined())    *) words='\(bare(Command.common).joined(separator: " "))' ;;
          esac
          COMPREPLY=($(compgen -W "$words" -- "$word"))
        }
        complete -F _chargectl chargectl
        """
    }

    private static var valuesOfOptions: String {
        "case ${COMP_WORDS[index]} in --output|--config) COMPREPLY=($(compgen -f -- \"$word\")) ;; "
            + "--runtime-dir) COMPREPLY=($(compgen -d -- \"$word\")) ;; "
            + "--filter) COMPREPLY=($(compgen -W '\(filters.joined(separator: " "))' -- \"$word\")) ;; esac"
    }

    private static func bashCases(_ command: Command) -> String {
        let words = command.forms.compactMap(\.word)
        let plain = command.forms.filter { $0.word == nil }
        let first = words + plain.flatMap { bare($0.options) + $0.choices } + bare(Command.common)
        var cases = bashCase("'\(command.name) '", first)
        for form in command.forms {
            guard let word = form.word else { continue }
            if form.takesFile {
                cases += "    '\(command.name) \(word)') COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
            } else {
                cases += bashCase("'\(command.name) \(word)'", form.choices + bare(form.options + Command.common))
            }
        }
        // Behind a word that is none of its own, as a topic is, the options stay.
        for form in plain { cases += bashCase("'\(command.name) '*", bare(form.options + Command.common)) }
        return cases
    }

    private static func bashCase(_ pattern: String, _ words: [String]) -> String {
        "    \(pattern)) words='\(words.joined(separator: " "))' ;;\n"
    }

    /// zsh runs completions of bash; it needs to be told only whose they are.
    private static var zsh: String {
        """
        #compdef chargectl
        # Completion of chargectl for zsh, made by `chargectl completion zsh`.
        autoload -Uz bashcompinit && bashcompinit
        \(bash)
        """
    }

    // MARK: - fish

    private static var fish: String {
        var lines = [
            "# Completion of chargectl for fish, made by `chargectl completion fish`.", "complete -c chargectl -f",
        ]
        lines += Command.common.map { fishOption($0, when: nil) }
        let names = commands.map(\.name).joined(separator: " ")
        for command in commands {
            let isFirst = "not __fish_seen_subcommand_from \(names)"
            lines.append("complete -c chargectl -n '\(isFirst)' -a \(command.name) -d '\(command.about ?? "")'")
            let words = command.forms.compactMap(\.word)
            let own = "__fish_seen_subcommand_from \(command.name)"
            if !words.isEmpty {
                let isOpen = "\(own); and not __fish_seen_subcommand_from \(words.joined(separator: " "))"
                lines.append("complete -c chargectl -n '\(isOpen)' -a '\(words.joined(separator: " "))'")
            }
            for form in command.forms {
                let condition = form.word.map { "\(own); and __fish_seen_subcommand_from \($0)" } ?? own
                lines += form.options.map { fishOption($0, when: condition) }
                if !form.choices.isEmpty {
                    lines.append("complete -c chargectl -n '\(condition)' -a '\(form.choices.joined(separator: " "))'")
                }
                if form.takesFile { lines.append("complete -c chargectl -n '\(condition)' -F") }
            }
        }
        return lines.joined(separator: "\n")
    }

    private static func fishOption(_ option: String, when condition: String?) -> String {
        let takesValue = option.hasSuffix("=")
        let name = takesValue ? option.dropFirst(2).dropLast() : option.dropFirst(2)
        let takesFile = ["output", "config", "runtime-dir"].contains(String(name))
        return "complete -c chargectl" + (condition.map { " -n '\($0)'" } ?? "") + " -l \(name)"
            + (takesValue ? (takesFile ? " -r -F" : " -x") : "")
            + (name == "filter" ? " -a '\(filters.joined(separator: " "))'" : "")
    }
}
