# As much of nixpkgs' lib as packaging/nix needs, with types that check, and no store behind it.
rec {
  inherit (builtins)
    attrNames
    concatLists
    concatStringsSep
    filter
    isAttrs
    isBool
    isInt
    isList
    isString
    listToAttrs
    mapAttrs
    ;

  mkIf = condition: value: if condition then value else { };
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  mapAttrsToList = make: set: map (name: make name set.${name}) (attrNames set);
  mapAttrs' = make: set: listToAttrs (mapAttrsToList make set);
  filterAttrs =
    holds: set:
    listToAttrs (
      map (name: {
        inherit name;
        value = set.${name};
      }) (filter (name: holds name set.${name}) (attrNames set))
    );
  escapeShellArg = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'";

  mkOption = option: option // { _type = "option"; };

  # `fill` checks a value, and gives what stands in it its defaults.
  plain = name: check: {
    fill = at: value: if check value then value else throw "${at}: is no ${name}";
  };
  types = {
    str = plain "str" isString;
    lines = plain "lines" isString;
    bool = plain "bool" isBool;
    int = plain "int" isInt;
    port = plain "port" (value: isInt value && value >= 0 && value <= 65535);
    ints.unsigned = plain "unsigned" (value: isInt value && value >= 0);
    ints.positive = plain "positive" (value: isInt value && value > 0);
    package = plain "package" (_: true);
    enum = values: plain "enum" (value: builtins.elem value values);
    oneOf = _: plain "oneOf" (value: isString value || isInt value);
    nullOr = type: { fill = at: value: if value == null then null else type.fill at value; };
    listOf = type: {
      fill = at: value: if isList value then map (type.fill at) value else throw "${at}: is no list";
    };
    attrsOf = type: { fill = at: value: mapAttrs (name: type.fill "${at}.${name}") value; };
    coercedTo = _: coerce: type: {
      fill = at: value: type.fill at (if isList value then coerce value else value);
    };
    submodule = module: { fill = at: value: fillOptions at module.options value; };
  };

  fillOptions =
    at: options: given:
    let
      unknown = filter (name: !(options ? ${name})) (attrNames given);
      value =
        name: option:
        if (option._type or "") != "option" then
          fillOptions "${at}.${name}" option (given.${name} or { })
        else if given ? ${name} then
          option.type.fill "${at}.${name}" given.${name}
        else
          option.default or (throw "${at}.${name} has no value");
    in
    if unknown != [ ] then
      throw "${at}: no option ${concatStringsSep ", " unknown}"
    else
      mapAttrs value options;

  # What a module sets for the settings `given`.
  evaluate =
    { module, pkgs }:
    given:
    let
      lib = import ./lib.nix;
      made = module {
        inherit lib pkgs;
        config = fillOptions "config" made.options given;
      };
    in
    made.config;
}
