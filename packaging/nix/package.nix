{
  lib,
  stdenv,
  cmake,
  ninja,
  pkg-config,
  scdoc,
  boost,
  cli11,
  intel-ipsec-mb,
  libb2,
  libcap_ng,
  libmnl,
  libnftnl,
  libseccomp,
  libsodium,
  liburing,
  ncurses,
  nftables,
  nlohmann_json,
  spdlog,
}:
stdenv.mkDerivation {
  pname = "wgns-user";
  version = "0.1.0";
  src = lib.cleanSource ../..;

  nativeBuildInputs = [
    cmake
    ninja
    pkg-config
    scdoc
  ];
  buildInputs = [
    boost
    cli11
    intel-ipsec-mb
    libb2
    libcap_ng
    libmnl
    libnftnl
    libseccomp
    libsodium
    liburing
    ncurses
    nftables
    nlohmann_json
    spdlog
  ];
  cmakeFlags = [
    "-DWGNS_TESTS=OFF"
    "-DWGNS_BENCH=OFF"
    "-DWGNS_INSTALL_ETC=OFF"
  ];
  # systemd looks for a program without a path where NixOS has none.
  postInstall = ''
    substituteInPlace $out/lib/systemd/system/wgns-user@.service \
      --replace-fail "=wgns-user " "=$out/bin/wgns-user "
  '';

  meta = {
    description = "WireGuard in user space, inside a network namespace";
    # The libraries of nftables, which it links, are GPL-2.0-or-later.
    license = [
      lib.licenses.mit
      lib.licenses.gpl2Plus
    ];
    platforms = [ "x86_64-linux" ];
    mainProgram = "wgns-user";
  };
}
